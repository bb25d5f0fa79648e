#!/usr/bin/env python3
"""Checks the books of a centre from its tables alone: check.py DIR [--demo]

DIR has tariffs.json, usage.csv, postings.csv, invoices.csv, fec.txt and invoices/*.pdf, as `algoric` prints them. Every
amount is computed anew, in exact fractions. Prints what does not agree; ends with 1 if anything does not. The rate of VAT is
read off the documents. --demo: also that the month of `cargo xtask demo month` was played."""

import csv
import json
import os
import sys
from collections import defaultdict
from fractions import Fraction

folder = sys.argv[1]
faults = []


def table(name, delimiter=","):
    with open(os.path.join(folder, name), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def nearest(exact, step=1):
    """To the nearest multiple, half away from zero."""
    scaled = abs(exact) / step
    whole = int(scaled + Fraction(1, 2))
    return (whole if exact >= 0 else -whole) * step


def agree(what, one, other):
    if one != other:
        faults.append(f"{what}: {one} is not {other}")


# What was used, at its tariff.
with open(os.path.join(folder, "tariffs.json"), encoding="utf-8") as file:
    tariffs = json.load(file)
rows = {row["id"]: row for row in tariffs["tariffs"]}
units = {name: unit["base_units"] for name, unit in tariffs["units"].items()}
billed = defaultdict(Fraction)
usage = table("usage.csv")
priced = 0
for line in usage:
    amount = int(line["amount_microeur"])
    if line["invoice"]:
        billed[line["invoice"]] += amount
    if line["tariff"] not in rows or amount < 0:
        continue
    priced += 1
    tariff = rows[line["tariff"]]
    core_s, memory = Fraction(line["core_s"]), Fraction(line["memory_gib_s"]) * 1024
    above = max(Fraction(0), memory - tariff["share_mib_per_core"] * core_s)
    quantity = {
        "core_hour": core_s * 1000,
        "memory_gib_hour": above * 1000,
        "gpu_hour": Fraction(line["gpu_s"]) * 1000,
        "kwh": Fraction(line["energy_uj"]),
    }
    if tariff["kind"] == "one_part":
        quantity.pop("kwh")
    exact = sum(quantity[name] * price / units[name] for name, price in tariff["microeur"].items() if name in quantity)
    agree(f"job {line['job']} at {line['tariff']}", amount, nearest(exact))

# Documents: the sum of what they bill, to the cent; tax on it; numbers without a hole.
cent = 10_000
documents = table("invoices.csv")
for document in documents:
    number, net = document["number"], int(document["net_microeur"])
    agree(f"net of {number}", net, nearest(billed.pop(number, Fraction(0)), cent))
    vat = int(document["vat_microeur"])
    if vat not in (0, nearest(Fraction(net, 5), cent)):
        faults.append(f"VAT of {number}: {vat} is neither nothing nor 20 % of {net}")
    agree(f"total of {number}", int(document["total_microeur"]), net + int(document["vat_microeur"]))
    agree(f"sign of {number}", net < 0, bool(document["credit_of"]))
agree("invoices of usage.csv that were never issued", sorted(billed), [])
for series in sorted({document["number"].split("-")[0] for document in documents}):
    numbers = sorted(document["number"] for document in documents if document["number"].startswith(series))
    agree(f"numbers {series}", numbers, [f"{series}-{at:04}" for at in range(1, len(numbers) + 1)])
papers = sorted(name.removesuffix(".pdf") for name in os.listdir(os.path.join(folder, "invoices")))
agree("papers", papers, sorted(document["number"] for document in documents))

# Postings: each balances, the law's accounts by themselves; the books show what the documents say.
balance, books = defaultdict(int), defaultdict(int)
for posting in table("postings.csv"):
    value = int(posting["debit_microeur"]) - int(posting["credit_microeur"])
    legal = not posting["account"].startswith("9")
    balance[posting["posting"], legal] += value
    books[posting["account"]] += value
agree("postings that do not balance", {key: value for key, value in balance.items() if value}, {})
agree("706 and the documents", -books["706"], sum(int(document["net_microeur"]) for document in documents))
agree("44571 and the documents", -books["44571"], sum(int(document["vat_microeur"]) for document in documents))

# The accountant's file: eighteen columns, balanced, the same books.
fec = table("fec.txt", "\t")
agree("columns of the FEC", len(fec[0]), 18)
written, accounts = defaultdict(Fraction), defaultdict(Fraction)
for line in fec:
    value = Fraction(line["Debit"].replace(",", ".")) - Fraction(line["Credit"].replace(",", "."))
    written[line["EcritureNum"]] += value
    accounts[line["CompteNum"]] += value
agree("entries of the FEC that do not balance", {key: value for key, value in written.items() if value}, {})
for account in ("411", "44571", "512", "706"):
    agree(f"account {account}", sum(value for name, value in accounts.items() if name.startswith(account)), Fraction(books[account], 10**6))

# The story: two customers, a tariff that changed, a credit note, work that is not billed yet.
if "--demo" in sys.argv:
    agree("customers", len({document["customer"] for document in documents}) >= 2, True)
    agree("credit notes", any(document["credit_of"] for document in documents), True)
    agree("two tariffs of the company", {"2026a/company/blade", "2026b/company/blade"} <= {line["tariff"] for line in usage}, True)
    agree("work of November that is not billed", any(not line["invoice"] for line in usage), True)

for fault in faults:
    print("WRONG", fault)
print(f"{len(usage)} lines of usage ({priced} priced anew), {len(documents)} documents, {len(balance)} balances, "
      f"{len(fec)} lines for the accountant: {len(faults)} faults")
sys.exit(1 if faults else 0)
