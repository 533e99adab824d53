"""Opening files that strangers made, in a process of its own: `python -m requests.parsers`.

What runs there knows no database, no key and no setting but what it is told; see `running.py` for the other end.
"""
