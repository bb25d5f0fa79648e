"""Plays a strip of plugs with Tasmota's commands, for the demonstration of a cluster: outlet N is machine nN. Power that is
taken away kills Slurm's daemon there as nothing else would; power that comes back starts it, as a machine's boot does."""

import http.server
import json
import re
import subprocess
import urllib.parse

POWER = {}


def at(machine, line):
    subprocess.run(["ssh", "-o", "StrictHostKeyChecking=no", machine, line], stdin=subprocess.DEVNULL, check=False)


class Plug(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).get("cmnd", [""])[0]
        outlet, order = re.match(r"Power(\d+)(?: (On|Off))?", asked).groups()
        if order == "On" and POWER.get(outlet) == "OFF":
            at("n" + outlet, "slurmd -b </dev/null >/dev/null 2>&1")
        if order == "Off" and POWER.get(outlet) != "OFF":
            at("n" + outlet, "pkill -KILL -x slurmd; pkill -KILL -x slurmstepd")
        if order:
            POWER[outlet] = order.upper()
        text = json.dumps({"POWER" + outlet: POWER.get(outlet, "ON")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8081), Plug).serve_forever()
