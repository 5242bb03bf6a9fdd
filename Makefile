# Go and make are all that is needed; everything else comes with the Go modules.
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s

.PHONY: run build test check race fuzz docs bench
run: build ## a devnet that trades, passes and eliminates; Ctrl-C stops it, the next run resumes
	@./bin/propnet devnet --data devnet-data

build:
	@go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/propnet ./cmd/propnet

test: build ## every test
	go test -timeout 9m ./...

check: ## format, vet, staticcheck, generated files
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff
	go mod verify
	@$(MAKE) --no-print-directory docs
	@git diff --exit-code -- docs || { echo "generated references differ: commit what make docs wrote"; exit 1; }

race: ## the packages with goroutines, and the core beside them
	CGO_ENABLED=1 go test -race -timeout 15m $$(go list ./... | grep -v cmd/propnet)

fuzz: ## every fuzz target for FUZZTIME
	@go list ./... | while read -r p; do \
	  for f in $$(go test -list '^Fuzz' "$$p" | grep '^Fuzz'); do \
	    echo "fuzz $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) "$$p" || exit 1; \
	  done; done

docs: build ## references that the program generates
	@./bin/propnet docs --dir docs

bench:
	go test -run '^$$' -bench . -benchmem ./...
