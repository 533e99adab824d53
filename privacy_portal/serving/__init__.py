"""What `bin/serve` runs: sets the portal up if need be, serves it, and stops all of it again."""
