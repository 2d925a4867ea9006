"""What stores behind somebody's HTTP API share: the client and the errors of the line. Knows no API."""
