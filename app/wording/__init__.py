"""The wording: languages, the words of codes, money and dates as people write them."""
