"""A primary and a replica that takes over, again and again, under load; and a checker of the history.

`cluster` has the servers, each on a host of its own, and the address that moves; `outages` has what becomes of a primary.
`work` is what the clients (`client`) start and the workers (`node`) do; `history` gathers what was acknowledged and what is
there in the end, and `checker` judges it.
"""
