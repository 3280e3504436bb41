deps:
	@packaging/deps.sh build test
