// Package catalog holds what is known of Microsoft's dual-write as data: the
// table maps that ship with it, templates made of them, the documented and
// assumed parameters, the error texts, and the codes of the table map health
// check. Each fact names the public document that it comes from; what no
// document says is marked as assumed, with the reason.
//
// Look at [Map] first, then at [Maps] and [Find]. [Parameters] is what
// "catalog assumptions" lists; [Causes] gives the modelled systems the words
// with which the real ones refuse a write.
//
// # Why not YAML
//
// The data lives in the files below data, in a notation of its own: a word and
// a name begin a block, indented lines below fill it, and the column of a map
// reads like the row of the published mapping reference:
//
//	map customer-groups
//	  title Customer groups (msdyn_customergroups)
//	  scope company
//	  key msdyn_groupid
//	  CUSTOMERGROUPID = msdyn_groupid
//	  ISSALESTAXINCLUDEDINPRICE >< msdyn_issalestaxincludedinprice {no-yes}
//	  PAYMENTTERMID = msdyn_paymenttermid.msdyn_name -> payment-terms
//
// Several hundred columns can so be held beside their source line by line;
// YAML would need five lines for each, and its parser belongs to the scenarios.
// [Decode] is strict: it reports every fault at once, each with file, line and
// column, and it follows the dotted paths of lookups into the maps that they
// name, so that a wrong key column in one map is found from another.
//
// # What a lookup depends on
//
// A company-striped map depends on the map of the companies without saying so:
// the company is part of its key. A lookup to the map itself, or one that closes
// a circle of maps, cannot decide an order: the engine writes it in a second
// step. Such lookups are listed by [Catalog.Closing], and left out of orders and
// chains.
package catalog
