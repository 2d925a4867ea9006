"""The terminal user interface: sees a store only through the port."""
