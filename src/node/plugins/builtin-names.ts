/**
 * What lightningd v26.06.6 has itself, so that no plugin may declare it. A method named so crashes the
 * node (cln-contract 3.12), an option named so is refused. Used by the check before a safe reload and
 * by `cln-dev check`.
 */

/**
 * The methods that it has in itself, not by one of its plugins (its JSON commands
 * without those for developers).
 */
export const NATIVE_METHODS: ReadonlySet<string> = new Set(
  `addgossip addpsbtinput addpsbtoutput batching blacklistrune check checkmessage checkrune close
   connect createinvoice createinvoicerequest createoffer createonion createrune datastore
   datastoreusage decryptencrypteddata deldatastore delforward delinvoice delnetworkevent delpay
   deprecations destroyrune disableinvoicerequest disableoffer disconnect enableoffer feerates
   fundchannel_cancel fundchannel_complete fundchannel_start fundpsbt getinfo getlog graceful help
   injectonionmessage injectpaymentonion invoice invokerune listaddresses listchainmoves
   listchannelmoves listclosedchannels listconfigs listdatastore listforwards listfunds listhtlcs
   listinvoicerequests listinvoices listnetworkevents listoffers listpeerchannels listpeers
   listsendpays listtransactions makesecret newaddr notifications openchannel_abort
   openchannel_bump openchannel_init openchannel_signed openchannel_update parsefeerate payersign
   ping plugin preapproveinvoice preapprovekeysend recover recoverchannel reserveinputs
   sendcustommsg sendonion sendpay sendpsbt setchannel setconfig setleaserates setpsbtversion
   showrunes signinvoice signmessage signmessagewithkey signpsbt splice_init splice_signed
   splice_update staticbackup stop unreserveinputs utxopsbt wait waitanyinvoice waitblockheight
   waitinvoice waitsendpay`.split(/\s+/),
);

/** Its options, without those for developers. */
export const NATIVE_OPTIONS: ReadonlySet<string> = new Set(
  `accept-htlc-tlv-type addr alias allow-deprecated-apis always-use-proxy announce-addr
   announce-addr-discovered announce-addr-discovered-port autoconnect-seeker-peers autolisten
   bind-addr clear-plugins cltv-delta cltv-final commit-fee commit-feerate-offset commit-time conf
   daemon database-upgrade developer disable-dns disable-plugin experimental-dual-fund
   experimental-shutdown-wrong-funding experimental-splicing fee-base fee-per-satoshi
   force-feerates funding-confirms help hsm-passphrase htlc-maximum-msat htlc-minimum-msat
   i-promise-to-fix-broken-api-user ignore-fee-limits important-plugin invoices-onchain-fallback
   lightning-dir list-features-only log-file log-level log-prefix log-timestamps mainnet
   max-concurrent-htlcs max-dust-htlc-exposure-msat message-padding min-capacity-sat
   min-emergency-msat network offline payment-fronting-node pid-file plugin plugin-dir proxy
   recover regtest require-confirmed-inputs rescan rgb rpc-file rpc-file-mode signet subdaemon
   testnet testnet4 tor-service-password version wallet watchtime-blocks`.split(/\s+/),
);
