"""Who may enter, and what they may see."""
