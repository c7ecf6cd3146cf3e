"""Keeping in, on a Frappe site, all that a rollback does not turn back: `site.kept_in()`.

Frappe and its apps do a great deal beside writing rows: they enqueue jobs, write caches and files, send, commit. Within a
block each of that is kept in and listed, or stopped with an error that names who tried: `database` (commits, other
connections, counters), `redis` (caches, queues, realtime), `files`, `network` and `audit` (sockets, processes, threads),
`outgoing` (mails, jobs, prints), `surroundings` (what is kept in memory). It holds for the thread that opened the block, and
for no other one of the process.

What no process can keep in is named in docs/security.md.
"""
