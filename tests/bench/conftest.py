"""Nothing here is for the sandbox's pytest: `script/test-on-bench` runs it with a bench's Python."""

collect_ignore_glob = ["*"]
