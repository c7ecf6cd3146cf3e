"""Serves a model of a GGUF file over HTTP: `python serve.py FILE PORT`, in an environment that has xllamacpp.

Prints the address once it listens. It speaks chat completions and Anthropic's messages.
"""

import signal
import sys

import xllamacpp  # type: ignore[import-not-found]

CONTEXT = 8192  # tokens: what the model was made for

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_ctx = CONTEXT
params.n_parallel = 1
params.warmup = False
params.cpuparams.n_threads = 1  # several wait for each other, and on a busy machine for long
params.sampling.temp = 0.0  # the same answer each time
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
signal.pause()
