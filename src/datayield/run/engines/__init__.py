"""Where tasks run: this process, local workers, Ray, Slurm; each is an `Engine`."""
