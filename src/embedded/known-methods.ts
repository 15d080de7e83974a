/**
 * The methods of lightningd v26.06.6 with its own plugins (doc/schemas), so that an error can tell a
 * method that only a real node does from one that nobody knows. Used by dispatch.ts.
 */
const METHODS = new Set(
  `addgossip addpsbtinput addpsbtoutput askrene-age askrene-bias-channel askrene-bias-node
   askrene-create-channel askrene-create-layer askrene-disable-node askrene-inform-channel
   askrene-listlayers askrene-listreservations askrene-remove-channel-update askrene-remove-
   layer askrene-reserve askrene-unreserve askrene-update-channel autoclean-once autoclean-
   status batching bkpr-channelsapy bkpr-dumpincomecsv bkpr-editdescriptionbyoutpoint bkpr-
   editdescriptionbypaymentid bkpr-inspect bkpr-listaccountevents bkpr-listbalances bkpr-
   listincome bkpr-report blacklistrune cancelrecurringinvoice check checkmessage checkrune
   clnrest-register-path close commando commando-rune connect createinvoice createonion
   createproof createrune currencyconvert currencyrate datastore datastoreusage decode
   deldatastore delforward delinvoice delnetworkevent delpay deprecations dev dev-forget-
   channel dev-splice disableinvoicerequest disableoffer disconnect emergencyrecover
   enableoffer exposesecret feerates fetchbip353 fetchinvoice fundchannel fundchannel_cancel
   fundchannel_complete fundchannel_start funderupdate fundpsbt getemergencyrecoverdata
   getinfo getlog getroute getroutes graceful help injectonionmessage injectpaymentonion
   invoice invoicerequest keysend listaddresses listchainmoves listchannelmoves listchannels
   listclosedchannels listconfigs listcurrencyrates listdatastore listforwards listfunds
   listhtlcs listinvoicerequests listinvoices listnetworkevents listnodes listoffers listpays
   listpeerchannels listpeers listsendpays listsqlschemas listtransactions makesecret
   multifundchannel multiwithdraw newaddr notifications offer openchannel_abort
   openchannel_bump openchannel_init openchannel_signed openchannel_update parsefeerate pay
   ping plugin preapproveinvoice preapprovekeysend reckless recover recoverchannel renepay
   renepaystatus reserveinputs sendamount sendcustommsg sendinvoice sendonion sendpay
   sendpsbt setchannel setconfig setpsbtversion showrunes signinvoice signmessage
   signmessagewithkey signpsbt splice splice_init splice_signed splice_update splicein
   spliceout sql staticbackup stop txdiscard txprepare txsend unreserveinputs upgradewallet
   utxopsbt wait waitanyinvoice waitblockheight waitinvoice waitsendpay withdraw xkeysend
   xpay`.split(/\s+/),
);

export function isRealMethod(name: string): boolean {
  return METHODS.has(name);
}
