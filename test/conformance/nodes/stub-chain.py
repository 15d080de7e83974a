"""The chain of a lightningd under test: regtest with nothing but its genesis block (lightningd asks
its Bitcoin backend, which is a plugin, these five methods: plugins/bcli.c)."""
import json
import sys

GENESIS_HASH = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
GENESIS_MERKLE_ROOT = "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
HEADER = "01000000" + 64 * "0" + GENESIS_MERKLE_ROOT + "dae5494d" + "ffff7f20" + "02000000"
PUBLIC_KEY = (
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6"
    "49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
)
HEADLINE = b"The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
SCRIPT = "04ffff001d0104" + "45" + HEADLINE.hex()
COINBASE = (
    "01000000" + "01" + 64 * "0" + "ffffffff" + "4d" + SCRIPT + "ffffffff"
    + "01" + "00f2052a01000000" + "43" + "41" + PUBLIC_KEY + "ac" + "00000000"
)
GENESIS_BLOCK = HEADER + "01" + COINBASE

FEE_NAMES = (
    "opening mutual_close unilateral_close delayed_to_us htlc_resolution penalty "
    "min_acceptable max_acceptable"
).split()


def getmanifest(params):
    names = "getchaininfo estimatefees getrawblockbyheight getutxout sendrawtransaction"
    methods = [{"name": name, "usage": "", "description": name} for name in names.split()]
    return {"dynamic": False, "options": [], "rpcmethods": methods}


def init(params):
    return {}


def getchaininfo(params):
    return {"chain": "regtest", "headercount": 0, "blockcount": 0, "ibd": False}


def estimatefees(params):
    rates = [{"blocks": blocks, "feerate": 1000} for blocks in (2, 6, 12, 100)]
    # Until v23.05 the rates had names.
    return {"feerate_floor": 253, "feerates": rates, **{name: 1000 for name in FEE_NAMES}}


def getrawblockbyheight(params):
    height = params["height"] if isinstance(params, dict) else params[0]
    if int(height) != 0:
        return {"blockhash": None, "block": None}
    return {"blockhash": GENESIS_HASH, "block": GENESIS_BLOCK}


def getutxout(params):
    return {"amount": None, "script": None}


def sendrawtransaction(params):
    return {"success": True, "errmsg": ""}


def main():
    text = ""
    decoder = json.JSONDecoder()
    for line in sys.stdin:
        text = (text + line).lstrip()
        try:
            request, end = decoder.raw_decode(text)
        except ValueError:
            continue
        text = text[end:]
        if "id" not in request:
            continue
        result = globals()[request["method"]](request.get("params"))
        answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        print(json.dumps(answer), end="\n\n", flush=True)


main()
