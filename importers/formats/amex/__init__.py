"""American Express: settlements (GRRCN, EPTRN) and disputes (EMCBK, EMINQ, CBNOT)."""
