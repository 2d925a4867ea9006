"""The HTTP API over any store that can host: who may do what is asked here, what it means is the store's to say."""
