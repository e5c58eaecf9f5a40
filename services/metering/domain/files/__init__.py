"""The files that metering takes: read in pieces, refused whole, each bad line named."""
