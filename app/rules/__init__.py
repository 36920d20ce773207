"""Rules of the trade that hold everywhere: what a card number looks like."""
