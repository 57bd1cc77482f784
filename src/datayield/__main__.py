from datayield.cli import main

main()
