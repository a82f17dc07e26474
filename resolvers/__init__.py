"""What a viewer may ask and do: reads with the access filter inside. Knows no HTTP."""
