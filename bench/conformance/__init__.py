"""Public log corpora, taken in by Phalanx and counted by readers that share nothing with it."""
