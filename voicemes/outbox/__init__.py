"""What was confirmed and is not in the MES yet: kept on the disk until somebody knows what became of it.

`store.py` is the file, `audit.py` the chain of records in it, `delivery.py` what is tried next and when: pure.
"""
