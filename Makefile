# Two commands do all the set-up on a fresh Debian machine with Rust: `make demo` and `make test`.

APT = $(if $(filter 0,$(shell id -u)),,sudo )apt-get
OUT = target/demo

.PHONY: demo test deps captures bench fuzz live

demo: deps
	cargo build --release --locked
	@mkdir -p $(OUT)
	./target/release/shadowtap replay captures/ --spec captures/ --format text --format html -o $(OUT)/report.html
	@echo "The same as a page: file://$(CURDIR)/$(OUT)/report.html"

test: deps
	cargo test --locked

# libpcap compiles --filter expressions; nothing else of the system is linked.
deps:
	@command -v pcap-config >/dev/null 2>&1 || [ -e /usr/include/pcap/pcap.h ] || \
		{ $(APT) update -qq && $(APT) install -y -qq --no-install-recommends libpcap-dev gcc libc6-dev; }

# Records the captures anew (root; installs nginx, gunicorn and friends), and writes down what they must report.
captures: deps
	captures/lab/record.sh
	SHADOWTAP_BLESS=1 cargo test --locked --test main replay::

bench: deps
	cargo bench --locked

# Every fuzz target for SECONDS each, 20 unless given; see tests/fuzz/README.md.
fuzz: deps
	@command -v c++ >/dev/null 2>&1 || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends g++; }
	tests/fuzz/run.sh $(or $(SECONDS),20)

# A live sensor at a mirror port, and what may befall it: SHADOWTAP_BIN names the binary; root; see tests/live/README.md.
live:
	@if ! tests/live/lab.sh possible; then echo "skipped: needs root and network namespaces"; \
	elif [ ! -x "$(SHADOWTAP_BIN)" ]; then echo "SHADOWTAP_BIN must name a shadowtap binary" >&2; exit 2; \
	else export SHADOWTAP_BIN PYTHONDONTWRITEBYTECODE=1; python3 tests/live/span.py && python3 tests/live/kill.py; fi
