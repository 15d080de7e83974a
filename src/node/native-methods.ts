/**
 * The methods that lightningd v26.06.6 has in itself, not by one of its plugins (its JSON commands
 * without those for developers). A plugin that declares one of these crashes the node (cln-contract
 * 3.12). Used by the check before a safe reload and by `cln-dev check`.
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
