"""What a screen is made of: attributes in, messages out, nothing else touched."""
