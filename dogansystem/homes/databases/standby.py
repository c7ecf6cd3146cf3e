"""Errors of a server that is there and takes nothing for now: another one is, or will be, the one to write to.

A primary that was demoted is read-only, and its clients stay connected to it. A Galera node that has lost its cluster refuses
everything. Neither says anything about the statement that met it: it has to be repeated on the server at which the address
leads to the primary again.
"""

# By number, with what the text has in it: the first is also said of other options, such as --secure-file-priv.
_SAID = {1290: "--read-only", 1836: "read-only", 1047: "WSREP"}


def says_so(error: BaseException) -> bool:
	"""Whether a driver's error comes from such a server."""
	code, text = (*error.args, None, None)[:2]
	return isinstance(code, int) and code in _SAID and _SAID[code] in str(text)
