"""HyperQueue for `cargo xtask bench engine`: a server and a worker with two cores in this process.

  hyperqueue_peer.py array SCRIPT N           one job of N tasks; prints its seconds, from submit to the end
  hyperqueue_peer.py latency SCRIPT N OUT     N jobs, one after the other; prints for each the milliseconds from
                                              submit to the time (ns) that SCRIPT writes into OUT
"""

import os
import sys
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def main(what, script, count, out=None):
    with LocalCluster(worker_config=WorkerConfig(cores=2)) as cluster:
        client = cluster.client()

        def run(arguments, times):
            job = Job()
            for _ in range(times):
                job.program(["sh", *arguments])
            begun = time.time_ns()
            client.wait_for_jobs([client.submit(job)])
            return begun, time.time_ns()

        run(["-c", "true"], 1)
        if what == "array":
            begun, ended = run([script], int(count))
            print("result", (ended - begun) / 1e9)
        for _ in range(int(count) if what == "latency" else 0):
            begun, _ = run([script, out], 1)
            with open(out, encoding="ascii") as file:
                print("result", (int(file.read()) - begun) / 1e6)
            os.remove(out)


main(*sys.argv[1:])
