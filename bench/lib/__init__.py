"""What the benchmarks, the crash loop and the conformance run share."""
