"""A client of the centre's pages, for the demonstration of a cluster.

portal.py link DATA MEMBER        become the first operator by a one-time link, and have MEMBER's account
portal.py call TOKEN METHOD PATH [JSON]   one call of the interface; prints what it says

As the first operator, who has MEMBER's account, by the pages that a browser sees, without JavaScript:
portal.py see PATH                   the words of a page
portal.py get PATH                   a page or a file as it is
portal.py form APP quote|submit NAME=VALUE...   fills an application's form: the words of the answer, or the new job's number
portal.py act JOB WHAT               a button of a job's page
portal.py stream JOB                 the live output to its end: for each event how many seconds after the first it came
"""

import html.parser
import http.cookiejar
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

BASE = "http://127.0.0.1:8080"
SECRET = "Un long mot de passe 9"


class Words(html.parser.HTMLParser):
    """What stands between the tags of the page's main part."""

    def __init__(self):
        super().__init__()
        self.inside, self.words = [], []

    def handle_starttag(self, tag, _attributes):
        if tag in ("main", "script", "style", "template"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if self.inside == ["main"]:
            self.words += data.split()


class Browser:
    """Cookies, and forms with the mark of the page that they stand on."""

    def __init__(self):
        jar = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.browser.addheaders = [("Accept-Language", "en")]

    def open(self, path, form=None):
        body = urllib.parse.urlencode(form).encode() if form else None
        return self.browser.open(BASE + urllib.parse.quote(path, safe="/?=&%"), body)

    def page(self, path, form=None):
        return self.open(path, form).read().decode()

    def send(self, path, form, page=None):
        form = {"csrf": mark(self.page(page or path))} | form
        return self.open(path, form)

    def log_in(self):
        self.send("/login", {"login": "anne", "password": SECRET})


def mark(page):
    return re.search(r'name="csrf" value="([^"]*)"', page).group(1)


def words(page):
    parser = Words()
    parser.feed(page)
    return " ".join(parser.words)


def link(data, member):
    browser = Browser()
    said = subprocess.run(["algoric", "--data", data, "operator", "link"], capture_output=True, text=True, check=True)
    first = re.search(r"/first/\S+", said.stdout).group(0)
    form = {"login": "anne", "name": "Anne Le Goff", "email": "", "language": "en"}
    browser.send(first, form | {"password": SECRET, "again": SECRET, "password_again": SECRET})
    person = re.search(r"/operator/members/(\d+)", browser.page("/operator/members")).group(1)
    browser.send("/operator/members/" + person, {"what": "link", "account": member}, "/operator/members")


def visit(what, *rest):
    browser = Browser()
    browser.log_in()
    try:
        if what == "see":
            print(words(browser.page(*rest)))
        elif what == "get":
            sys.stdout.buffer.write(browser.open(*rest).read())
        elif what == "form":
            app, order, *fields = rest
            form = {"app": app, "do": order} | dict(field.split("=", 1) for field in fields)
            answer = browser.send("/jobs/new/" + app, form)
            job = re.search(r"/jobs/(\d+)", answer.geturl())
            print(job.group(1) if job else words(answer.read().decode()))
        elif what == "act":
            job, verb = rest
            browser.send(f"/jobs/{job}/act", {"what": verb}, f"/jobs/{job}")
        elif what == "stream":
            follow(browser.open(f"/jobs/{rest[0]}/output?from=0"))
    except urllib.error.HTTPError as error:
        print(error.code, words(error.read().decode()))
        sys.exit(1)


def follow(stream):
    begun = None
    for line in stream:
        line = line.decode().rstrip()
        if line and not line.startswith((":", "id:", "retry:")):
            begun = begun or time.monotonic()
            print(f"{time.monotonic() - begun:.1f} {line}", flush=True)
        if line == "event: over":
            return


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
elif sys.argv[1] == "call":
    call(*sys.argv[2:])
else:
    visit(*sys.argv[1:])
