"""rupload.facebook.com: where the bytes of reels, video stories and Instagram's videos go (meta 4.6, 4.7, 5.2)."""
