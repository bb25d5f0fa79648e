"""A client of the centre's pages, for the demonstration of a cluster.

portal.py link DATA MEMBER        become the first operator by a one-time link, and have MEMBER's account
portal.py TOKEN METHOD PATH [JSON]   one call of the interface; prints what it says
"""

import http.cookiejar
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

BASE = "http://127.0.0.1:8080"
SECRET = "Un long mot de passe 9"


def link(data, member):
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def page(path, form=None):
        body = urllib.parse.urlencode(form).encode() if form else None
        return browser.open(BASE + path, body).read().decode()

    def mark(html):
        return re.search(r'name="csrf" value="([^"]*)"', html).group(1)

    said = subprocess.run(["algoric", "--data", data, "operator", "link"], capture_output=True, text=True, check=True)
    first = re.search(r"/first/\S+", said.stdout).group(0)
    form = {"login": "anne", "name": "Anne Le Goff", "email": "", "language": "fr"}
    form |= {"password": SECRET, "again": SECRET, "password_again": SECRET, "csrf": mark(page(first))}
    page(first, form)
    html = page("/operator/members")
    person = re.search(r"/operator/members/(\d+)", html).group(1)
    page("/operator/members/" + person, {"csrf": mark(html), "what": "link", "account": member})


def call(token, method, path, text=None):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    request = urllib.request.Request(BASE + "/api/v1" + path, text and text.encode(), headers, method=method)
    try:
        print(urllib.request.urlopen(request).read().decode())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
        sys.exit(1)


if sys.argv[1] == "link":
    link(*sys.argv[2:])
else:
    call(*sys.argv[1:])
