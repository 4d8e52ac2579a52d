"""What people browse an archive by: cards in, static pages out."""
