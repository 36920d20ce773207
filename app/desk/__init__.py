"""The reseller's desk: what its staff see and ask for, always within one reseller.

Every question takes the reseller's id first and answers about nobody else's rows.
"""
