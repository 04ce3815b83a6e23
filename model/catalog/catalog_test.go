package catalog_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
)

const both, toDataverse, toFinOps = catalog.Both, catalog.ToDataverse, catalog.ToFinOps

// published holds what was counted in the published mapping reference and the
// exported key lists, written down apart from the data files: the table, its
// scope, direction, number of key columns and number of lookups.
var published = []struct {
	name, table string
	company     bool
	direction   catalog.Direction
	key         int
	lookups     int
}{
	{"parties", "msdyn_parties", false, both, 1, 0},
	{"units", "uoms", false, toDataverse, 1, 0},
	{"postal-address-locations", "msdyn_postaladdresscollections", false, both, 1, 0},
	{"legal-entities", "cdm_companies", false, toDataverse, 1, 0},
	{"workers", "cdm_workers", false, both, 1, 0},
	{"currencies", "transactioncurrencies", false, both, 1, 0},
	{"all-products", "msdyn_globalproducts", false, toDataverse, 1, 0},
	{"sites", "msdyn_operationalsites", true, both, 1, 0},
	{"payment-days", "msdyn_paymentdays", true, both, 1, 0},
	{"payment-schedules", "msdyn_paymentschedules", true, both, 1, 0},
	{"customer-payment-methods", "msdyn_customerpaymentmethods", true, both, 1, 0},
	{"vendor-payment-methods", "msdyn_vendorpaymentmethods", true, both, 1, 0},
	{"sales-tax-groups", "msdyn_taxgroups", true, both, 1, 0},
	{"item-sales-tax-groups", "msdyn_taxitemgroups", true, both, 1, 0},
	{"modes-of-delivery", "msdyn_shipvias", true, both, 1, 0},
	{"terms-of-delivery", "msdyn_termsofdeliveries", true, both, 1, 0},
	{"sales-order-origins", "msdyn_salesorderorigins", true, both, 1, 0},
	{"price-customer-groups", "msdyn_pricecustomergroups", true, both, 1, 0},
	{"colors", "msdyn_productcolors", false, toDataverse, 1, 0},
	{"sizes", "msdyn_productsizes", false, toDataverse, 1, 0},
	{"styles", "msdyn_productstyles", false, toDataverse, 1, 0},
	{"configurations", "msdyn_productconfigurations", false, toDataverse, 1, 0},
	{"product-dimension-groups", "msdyn_productdimensiongroups", false, both, 1, 0},
	{"storage-dimension-groups", "msdyn_productstoragedimensiongroups", false, both, 1, 0},
	{"tracking-dimension-groups", "msdyn_producttrackingdimensiongroups", false, both, 1, 0},
	{"product-category-hierarchies", "msdyn_productcategoryhierarchies", false, both, 1, 0},
	{"financial-dimensions", "msdyn_dimensionattributes", false, both, 1, 0},
	{"party-contacts", "msdyn_partyelectronicaddresses", false, both, 2, 1},
	{"postal-addresses", "msdyn_postaladdresses", false, both, 2, 1},
	{"party-postal-addresses", "msdyn_partypostaladdresses", false, both, 2, 2},
	{"product-categories", "msdyn_productcategories", false, both, 2, 2},
	{"warehouses", "msdyn_warehouses", true, both, 1, 4},
	{"payment-day-lines", "msdyn_paymentdaylines", true, both, 2, 1},
	{"payment-schedule-lines", "msdyn_paymentschedulelines", true, both, 2, 1},
	{"payment-terms", "msdyn_paymentterms", true, both, 1, 2},
	{"customer-groups", "msdyn_customergroups", true, both, 1, 2},
	{"vendor-groups", "msdyn_vendorgroups", true, both, 1, 2},
	{"product-category-assignments", "msdyn_productcategoryassignments", false, both, 2, 2},
	{"released-distinct-products", "products", true, toDataverse, 1, 6},
	{"contacts-v2", "msdyn_contactforparties", true, both, 1, 10},
	{"vendors-v2", "msdyn_vendors", true, both, 1, 10},
	{"customers-v3-persons", "contacts", true, both, 1, 9},
	{"customers-v3-organizations", "accounts", true, both, 1, 11},
	{"released-products-v2", "msdyn_sharedproductdetails", true, toDataverse, 1, 12},
	{"default-order-settings", "msdyn_productdefaultordersettings", true, both, 1, 7},
	{"purchase-order-headers", "msdyn_purchaseorders", true, both, 1, 11},
	{"sales-order-headers", "salesorders", true, both, 1, 11},
	{"sales-invoice-headers", "invoices", true, toDataverse, 3, 5},
	{"sales-quotation-headers", "quotes", true, both, 1, 10},
	{"purchase-order-lines", "msdyn_purchaseorderproducts", true, both, 2, 9},
	{"sales-order-lines", "salesorderdetails", true, both, 2, 9},
	{"sales-invoice-lines", "invoicedetails", true, toDataverse, 2, 7},
	{"sales-quotation-lines", "quotedetails", true, both, 2, 7},
	{"on-hand-requests", "msdyn_inventoryonhandrequests", true, toFinOps, 1, 3},
	{"on-hand-entries", "msdyn_inventoryonhandentries", true, toDataverse, 4, 3},
	{"ledgers", "msdyn_ledgers", true, toDataverse, 1, 8},
	{"main-accounts", "msdyn_mainaccounts", false, both, 2, 5},
	{"exchange-rates", "msdyn_currencyexchangerates", false, toDataverse, 2, 1},
}

func TestMapsAreAsPublished(t *testing.T) {
	t.Parallel()
	for _, want := range published {
		m, ok := catalog.Find(want.name)
		if !ok {
			t.Errorf("map %s is missing", want.name)
			continue
		}
		if m.Dataverse != want.table || m.Company() != want.company || m.Direction != want.direction ||
			len(m.Key) != want.key || len(m.Lookups) != want.lookups {
			t.Errorf("%s: table %s, company %t, direction %s, %d key columns, %d lookups; want %+v",
				want.name, m.Dataverse, m.Company(), m.Direction, len(m.Key), len(m.Lookups), want)
		}
		if !m.Published() || !strings.HasSuffix(m.Title, "("+want.table+")") {
			t.Errorf("%s: published %t, title %q", want.name, m.Published(), m.Title)
		}
	}
	for _, m := range catalog.Maps() {
		if assumed := strings.HasPrefix(m.Name, "project"); m.Published() == assumed {
			t.Errorf("%s: field list published %t", m.Name, m.Published())
		}
	}
}

func TestMapsComeAfterWhatTheyLookUp(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range catalog.Maps() {
		for _, p := range m.Prerequisites() {
			if !seen[p] {
				t.Errorf("%s comes before %s, which it looks up", m.Name, p)
			}
		}
		seen[m.Name] = true
	}
	if len(seen) != 82 {
		t.Errorf("%d maps, want 82", len(seen))
	}
}

func TestLongestChain(t *testing.T) {
	t.Parallel()
	trunk := []string{
		"legal-entities", "payment-days", "payment-terms", "vendor-groups", "vendors-v2",
		"customers-v3-organizations", "sales-order-headers",
	}
	if got, want := catalog.LongestChain(), append(slices.Clone(trunk), "sales-invoice-headers", "sales-invoice-lines"); !slices.Equal(got, want) {
		t.Errorf("longest chain %v, want %v", got, want)
	}
	c := catalog.Standard()
	for _, tt := range []struct {
		to    string
		edges int
	}{
		{"sales-invoice-lines", 8},
		{"sales-quotation-lines", 8},
		{"sales-order-lines", 7},
		{"customers-v3-organizations", 5},
		{"legal-entities", 0},
	} {
		if chain := c.ChainTo(tt.to); len(chain) != tt.edges+1 || chain[0] != "legal-entities" || chain[tt.edges] != tt.to {
			t.Errorf("chain %v, want %d edges from legal-entities to %s", chain, tt.edges, tt.to)
		}
	}
	if got, want := c.ChainTo("sales-quotation-lines"), append(slices.Clone(trunk), "sales-quotation-headers", "sales-quotation-lines"); !slices.Equal(got, want) {
		t.Errorf("chain %v, want %v", got, want)
	}
	if got := c.ChainTo("nothing"); got != nil {
		t.Errorf("chain to an unknown map: %v", got)
	}
}

func TestOverLookupLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit int
		want  []string
	}{
		{11, []string{"released-products-v2 12"}},
		{10, []string{
			"customers-v3-organizations 11", "released-products-v2 12", "purchase-order-headers 11", "sales-order-headers 11",
		}},
		{9, []string{ // "10 or more"
			"contacts-v2 10", "vendors-v2 10", "customers-v3-organizations 11", "released-products-v2 12",
			"purchase-order-headers 11", "sales-order-headers 11", "sales-quotation-headers 10",
		}},
	} {
		var got []string
		for _, m := range catalog.OverLookupLimit(tt.limit) {
			got = append(got, fmt.Sprintf("%s %d", m.Name, len(m.Lookups)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("over %d: %v, want %v", tt.limit, got, tt.want)
		}
	}
}

func TestClosingLookups(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range catalog.Standard().Closing() {
		if e.Map != e.Target {
			t.Errorf("%s.%s closes a circle through %s; the published maps have none", e.Map, e.Column, e.Target)
		}
		got = append(got, e.Map+"."+e.Column)
	}
	want := []string{
		"product-categories.msdyn_parentproductcategory",
		"warehouses.msdyn_mainrefillingwarehouse", "warehouses.msdyn_quarantinewarehouse", "warehouses.msdyn_transitwarehouse",
		"contacts-v2.msdyn_parentcontactforpartyid", "vendors-v2.msdyn_invoicevendoraccountnumber",
		"customers-v3-organizations.msdyn_billingaccount", "released-products-v2.msdyn_alternativeitemnumber",
	}
	if !slices.Equal(got, want) {
		t.Errorf("self lookups %v, want %v", got, want)
	}
}

// A vendor names its contact person, who names the vendor: the documented
// circle of the maps before the party model.
const circle = `
map vendors
  title Vendors V2 (msdyn_vendors)
  finops Vendors V2
  dataverse msdyn_vendors
  scope global
  direction both
  key number
  source party
  NUMBER = number
  CONTACT = contact.number -> contacts
map contacts
  title CDS Contacts V2 (contacts)
  finops CDS Contacts V2
  dataverse contacts
  scope global
  direction both
  key number
  source party
  NUMBER = number
  VENDOR = vendor.number -> vendors
map orders
  title Orders (orders)
  finops Orders
  dataverse orders
  scope global
  direction both
  key number
  source party
  NUMBER = number
  VENDOR = vendor.number -> vendors
`

func TestCirclesAreEnteredAtTheFirstMap(t *testing.T) {
	t.Parallel()
	c, err := catalog.Decode(files("maps.txt", circle, "templates.txt", ""))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, m := range c.Maps {
		order = append(order, m.Name)
	}
	if want := []string{"contacts", "vendors", "orders"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if got, want := c.Closing(), []catalog.Edge{{Map: "contacts", Column: "vendor", Target: "vendors"}}; !slices.Equal(got, want) {
		t.Errorf("closing lookups %v, want %v", got, want)
	}
	if got, want := c.LongestChain(), []string{"contacts", "vendors", "orders"}; !slices.Equal(got, want) {
		t.Errorf("longest chain %v, want %v", got, want)
	}
}

// A sequence may put either member of a circle first, but no child of it.
func TestTemplatesOfCircles(t *testing.T) {
	t.Parallel()
	template := func(sequence string) string {
		return "template t\n  title T\n  primary finops\n  sequence " + sequence + "\n  source party\n"
	}
	if _, err := catalog.Decode(files("maps.txt", circle, "templates.txt", template("contacts, vendors, orders"))); err != nil {
		t.Error(err)
	}
	_, err := catalog.Decode(files("maps.txt", circle, "templates.txt", template("contacts, orders, vendors")))
	if err == nil || !strings.Contains(err.Error(), "template t has map orders before vendors") {
		t.Errorf("got %v", err)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	column := func(m, dataverse, finops string) string {
		t.Helper()
		found, _ := catalog.Find(m)
		for _, c := range found.Columns {
			if c.Dataverse == dataverse && c.FinOps == finops {
				return fmt.Sprintf("%s %s %s%s", c.Direction, c.Transform, c.Values, c.Default)
			}
		}
		return "missing"
	}
	for _, tt := range []struct{ m, dataverse, finops, want string }{
		{"customers-v3-organizations", "creditlimit", "CREDITLIMIT", "both copy "},
		{"customers-v3-organizations", "msdyn_onholdstatus", "ONHOLDSTATUS", "both value map on-hold-status"},
		{"customers-v3-organizations", "customertypecode", "", "to-dataverse constant 3"},
		{"customers-v3-organizations", "", "PARTYTYPE", "to-finops constant Organization"},
		{"released-distinct-products", "quantitydecimal", "SALESUNITDECIMALPRECISION", "to-dataverse default 0"},
		{"sales-order-headers", "totalamount", "ORDERTOTALAMOUNT", "to-dataverse copy "},
		{"on-hand-requests", "msdyn_isatpcalculation", "ISATPCALCULATION", "to-finops value map no-yes"},
	} {
		if got := column(tt.m, tt.dataverse, tt.finops); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.m, tt.dataverse+tt.finops, got, tt.want)
		}
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m, column   string
		targets     []string
		required    bool
		polymorphic bool
		columns     int
	}{
		{"sales-order-headers", "customerid", []string{"customers-v3-organizations", "customers-v3-persons"}, true, true, 1},
		{"sales-order-headers", "msdyn_invoicecustomerid", []string{"customers-v3-organizations", "customers-v3-persons"}, false, true, 1},
		{"sales-invoice-lines", "invoiceid", []string{"sales-invoice-headers"}, true, false, 3},
		{"sales-order-lines", "msdyn_salesproductcategory", []string{"product-categories"}, false, false, 2},
		{"exchange-rates", "msdyn_currencyexchangeratepair", []string{"exchange-rate-pairs"}, true, false, 3},
		{"warehouses", "msdyn_transitwarehouse", []string{"warehouses"}, false, false, 1},
		{"sales-quotation-headers", "msdyn_generatedsalesordernumber", []string{"sales-order-headers"}, false, false, 1},
	} {
		m, _ := catalog.Find(tt.m)
		i := slices.IndexFunc(m.Lookups, func(l catalog.Lookup) bool { return l.Column == tt.column })
		if i < 0 {
			t.Errorf("%s: no lookup %s", tt.m, tt.column)
			continue
		}
		l := m.Lookups[i]
		if !slices.Equal(l.Targets, tt.targets) || l.Required != tt.required || l.Polymorphic() != tt.polymorphic || len(l.Columns) != tt.columns {
			t.Errorf("%s.%s: %+v, want %+v", tt.m, tt.column, l, tt)
		}
	}
}

func TestFiltersAndThreads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ m, finops, dataverse string }{
		{"customers-v3-organizations", `((PartyType == "Organization"))`, "customertypecode eq 3"},
		{"customers-v3-persons", `((PartyType == "Person"))`, "msdyn_sellable eq true and msdyn_contactpersonid ne null"},
		{"vendors-v2", `((VendorPartyType == "Organization") || (VendorPartyType == "Person"))`, ""},
		{"currencies", `((CURRENCYCODE != "999"))`, ""},
		{"sales-order-headers", "", "msdyn_ordertype eq 192350000"},
		{"sales-quotation-headers", "", "msdyn_ordertype eq 192350000 and statecode eq 0"},
		{"sales-invoice-headers", `(SalesOrderNumber != "")`, "msdyn_ordertype eq 192350000"},
	} {
		m, _ := catalog.Find(tt.m)
		if m.Filter[engine.FinOps] != tt.finops || m.Filter[engine.Dataverse] != tt.dataverse {
			t.Errorf("%s: filters %q", tt.m, m.Filter)
		}
	}
	var single []string
	for _, m := range catalog.Maps() {
		if m.SingleThreaded {
			single = append(single, m.Name)
		}
	}
	if want := []string{"product-categories", "warehouses", "vendors-v2", "customers-v3-persons", "customers-v3-organizations"}; !slices.Equal(single, want) {
		t.Errorf("single-threaded %v, want %v", single, want)
	}
}

func TestValueMaps(t *testing.T) {
	t.Parallel()
	c := catalog.Standard()
	for _, tt := range []struct {
		name        string
		pairs       int
		first, last catalog.ValuePair
	}{
		{"on-hold-status", 6, catalog.ValuePair{FinOps: "no", Dataverse: "806380000"}, catalog.ValuePair{FinOps: "never", Dataverse: "806380005"}},
		{"sales-order-processing-status", 8, catalog.ValuePair{FinOps: "active", Dataverse: "192350000"}, catalog.ValuePair{FinOps: "canceled", Dataverse: "192350007"}},
		{"language-42", 42, catalog.ValuePair{FinOps: "ar", Dataverse: "192350000"}, catalog.ValuePair{FinOps: "zh-hans", Dataverse: "192350041"}},
		{"country-21", 21, catalog.ValuePair{FinOps: "us", Dataverse: "united states"}, catalog.ValuePair{FinOps: "eg", Dataverse: "egypt"}},
	} {
		v, ok := c.ValuesOf(tt.name)
		if !ok || len(v.Pairs) != tt.pairs || v.Pairs[0] != tt.first || v.Pairs[len(v.Pairs)-1] != tt.last {
			t.Errorf("%s: %v, want %+v", tt.name, v, tt)
		}
	}
}

// What nobody refers to is a slip: a misspelt name elsewhere, or left over.
func TestNothingIsLeftOver(t *testing.T) {
	t.Parallel()
	c := catalog.Standard()
	used := map[string]bool{}
	use := func(names []string) {
		for _, name := range names {
			used[name] = true
		}
	}
	for _, m := range c.Maps {
		use(m.Sources)
		for _, x := range m.Columns {
			used["values "+x.Values] = true
		}
	}
	for _, x := range c.Templates {
		use(x.Sources)
	}
	for _, x := range c.Parameters {
		use(x.Sources)
	}
	for _, x := range c.Causes {
		use(x.Sources)
	}
	for _, x := range c.Checks {
		use(x.Sources)
	}
	for _, s := range c.Sources {
		if !used[s.Name] {
			t.Errorf("source %s is not used", s.Name)
		}
	}
	for _, v := range c.Values {
		if !used["values "+v.Name] {
			t.Errorf("value map %s is not used", v.Name)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		primary engine.Side
		maps    int
		open    []string
	}{
		{"project-operations-invoices", engine.Dataverse, 3, []string{
			"legal-entities", "customers-v3-organizations", "customers-v3-persons", "currencies",
			"project-contract-headers", "projects", "project-transaction-categories", "project-resource-roles",
		}},
		{"prospect-to-cash", engine.FinOps, 43, nil},
		{"customers", engine.FinOps, 26, nil},
		{"products", engine.FinOps, 19, []string{"vendors-v2"}},
		{"finance-reference", engine.FinOps, 21, nil},
	} {
		x, ok := catalog.Standard().Template(tt.name)
		if !ok || x.Primary != tt.primary || len(x.Sequence) != tt.maps || !slices.Equal(x.Open, tt.open) {
			t.Errorf("%s: found %t, primary %d, %d maps, open %v; want %+v", tt.name, ok, x.Primary, len(x.Sequence), x.Open, tt)
		}
	}
	if got := len(catalog.Templates()); got != 5 {
		t.Errorf("%d templates, want 5", got)
	}
	x, _ := catalog.Standard().Template("project-operations-invoices")
	if want := []string{"project-invoice-proposals", "project-actuals", "project-transaction-relationships"}; !slices.Equal(x.Sequence, want) {
		t.Errorf("documented sequence %v, want %v", x.Sequence, want)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	byName := map[string]catalog.Parameter{}
	for _, p := range catalog.Parameters() {
		byName[p.Name] = p
	}
	for _, tt := range []struct {
		name, value string
		number      float64
		basis       catalog.Basis
		doubted     bool
	}{
		{"live-sync-records", "1000", 1000, catalog.Documented, false},
		{"live-sync-time", "120s", 120, catalog.Documented, false},
		{"live-sync-payload", "116.85MB", 116.85, catalog.Documented, true},
		{"live-sync-companies", "250", 250, catalog.Documented, false},
		{"initial-sync-companies", "40", 40, catalog.Documented, true},
		{"initial-sync-rows", "500000", 500000, catalog.Documented, false},
		{"initial-sync-single-threaded-rows", "70000", 70000, catalog.Documented, true},
		{"initial-sync-lookups", "10", 10, catalog.Documented, true},
		{"pause-duration", "1d", 1, catalog.Documented, true},
		{"pause-volume", "1GB", 1, catalog.Documented, false},
		{"async-requests-queued", "5", 5, catalog.Documented, false},
		{"async-records-per-request", "10000", 10000, catalog.Documented, false},
		{"async-records-under-reconciliation", "50000", 50000, catalog.Derived, false},
		{"dataverse-requests", "6000", 6000, catalog.Documented, true},
		{"dataverse-busy", "1200s", 1200, catalog.Documented, false},
		{"dataverse-window", "300s", 300, catalog.Documented, false},
		{"dataverse-concurrent", "52", 52, catalog.Documented, true},
		{"dataverse-batch", "1000", 1000, catalog.Documented, false},
		{"dataverse-change-token", "7d", 7, catalog.Documented, false},
		{"finops-user-requests", "6000", 6000, catalog.Documented, true},
		{"integrator-interval", "1m", 1, catalog.Documented, false},
	} {
		p, ok := byName[tt.name]
		n, number := p.Number()
		if !ok || p.Value != tt.value || !number || n != tt.number || p.Basis != tt.basis || tt.doubted != (len(p.Doubts) > 0) {
			t.Errorf("%s: %+v, number %v; want %+v", tt.name, p, n, tt)
		}
	}
	if p := byName["async-workers"]; p.Basis != catalog.Assumed || p.Value != "" || !slices.Equal(p.Paths, []string{"engine.workers"}) {
		t.Errorf("async-workers is not published: %+v", p)
	}
	path := regexp.MustCompile(`^[a-z]+(\.([a-z-]+|\*))+$`)
	for _, p := range byName {
		for _, s := range p.Paths {
			if !path.MatchString(s) {
				t.Errorf("%s: %q is no path of a scenario", p.Name, s)
			}
		}
	}
	rate, _ := byName["initial-sync-single-threaded-rate"].Number()
	rows, _ := byName["initial-sync-single-threaded-rows"].Number()
	hours, _ := byName["initial-sync-import-time"].Number()
	if want := rows / hours / 60; rate < want-0.05 || rate > want+0.05 {
		t.Errorf("derived rate %v/min, but %v rows in %v h are %v/min", rate, rows, hours, want)
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	c := catalog.Standard()
	for _, tt := range []struct {
		name  string
		class engine.Class
		text  string
	}{
		{"duplicate-key", engine.ApplicationFailure, "0x80040265: A record that has the attribute values {column} already exists."},
		{"lookup-not-found-initial", engine.ApplicationFailure, "Couldn't resolve the guid for the field: {field}. The lookup was not found: {value}."},
		{"throttled-requests", engine.SystemFailure, "0x80072322: Number of requests exceeded the limit of 6000 over time window of 300 seconds."},
		{"throttled-time", engine.SystemFailure, "0x80072321: Combined execution time"},
		{"throttled-concurrent", engine.SystemFailure, "0x80072326: Number of concurrent requests"},
		{"message-size", engine.SystemFailure, "-2147220970: Message size exceeded when sending context to Sandbox."},
		{"scope-mismatch", engine.ApplicationFailure, "[DIPV1002] {entity} is a cross-company entity"},
	} {
		x, ok := c.Cause(tt.name)
		if !ok || x.Class != tt.class || !strings.HasPrefix(x.Template(), tt.text) {
			t.Errorf("%s: %s, %q; want %s, %q", tt.name, x.Class, x.Template(), tt.class, tt.text)
		}
	}
	for _, x := range catalog.Causes() {
		// Names of single environments and records belong in placeholders.
		for _, business := range []string{"https:", "aaa_", "ebecs", "PC00", "uoms", "accounts", "DWM-", "CustCustomer", "Retail"} {
			if strings.Contains(x.Text, business) {
				t.Errorf("%s: %q stands in the text", x.Name, business)
			}
		}
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	var codes []string
	for _, x := range catalog.Checks() {
		codes = append(codes, x.Code)
	}
	if want := []string{"100", "400", "500", "900", "1000", "1300", "1500", "1600", "1700"}; !slices.Equal(codes, want) {
		t.Errorf("codes %v, want %v", codes, want)
	}
}

// files returns the real data files with some replaced: name, text, name, ...
func files(replaced ...string) fstest.MapFS {
	all := fstest.MapFS{}
	data := os.DirFS("data")
	names, err := fs.Glob(data, "*.txt")
	if err != nil || len(names) != 7 {
		panic(fmt.Sprint(names, err))
	}
	for _, name := range names {
		text, err := fs.ReadFile(data, name)
		if err != nil {
			panic(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	for i := 0; i < len(replaced); i += 2 {
		all[replaced[i]] = &fstest.MapFile{Data: []byte(replaced[i+1])}
	}
	return all
}

// head begins a map whose columns a test adds: 8 lines.
const head = `map first
  title First (firsts)
  finops First
  dataverse firsts
  scope global
  direction both
  key number
  source party
`

func TestFaults(t *testing.T) {
	t.Parallel()
	companies := strings.NewReplacer("first", "legal-entities", "number", "code").Replace(head) + "  CODE = code\n"
	for _, tt := range []struct{ name, file, text, want string }{
		{"tab", "maps.txt", head + "\tNUMBER = number\n", "maps.txt:9:1: a tab; indent with blanks"},
		{"stray line", "maps.txt", "  key number\n", "maps.txt:1:3: an indented line before the first block"},
		{"wrong block", "maps.txt", "template first\n", "maps.txt:1:1: a block begins with map, not with template"},
		{"bad name", "maps.txt", strings.Replace(head, "first", "First", 1) + "  NUMBER = number\n", `maps.txt:1:5: "First" is no name`},
		{"twice", "maps.txt", head + "  NUMBER = number\n" + head + "  NUMBER = number\n", "maps.txt:10:5: map first is there already, in line 1"},
		{"unknown word", "maps.txt", head + "  NUMBER = number\n  colour red\n", "maps.txt:10:3: unknown word colour in map first"},
		{"word twice", "maps.txt", head + "  NUMBER = number\n  key other\n", "maps.txt:10:3: key is written twice"},
		{"word missing", "maps.txt", strings.Replace(head, "  key number\n", "", 1) + "  NUMBER = number\n", "maps.txt:1:1: map first lacks key"},
		{"empty key", "maps.txt", strings.Replace(head, "key number", "key", 1) + "  NUMBER = number\n", "maps.txt:7:6: key has an empty name in its list"},
		{"no column", "maps.txt", head, "maps.txt:1:5: map first maps no column"},
		{"key not mapped", "maps.txt", head + "  NAME = name\n", "maps.txt:7:7: key column number is not mapped as it is"},
		{"key transformed", "maps.txt", head + "  NUMBER >< number {no-yes}\n", "maps.txt:7:7: key column number is not mapped as it is"},
		{"unknown source", "maps.txt", strings.Replace(head, "party", "hearsay", 1) + "  NUMBER = number\n", "maps.txt:1:5: source hearsay is not in sources.txt"},
		{"scopes differ", "maps.txt", companies + strings.Replace(head, "scope global", "scope global company", 1) + "  NUMBER = number\n", "maps.txt:10:5: [DIPV1002] First is global and firsts is company"},
		{"no companies", "maps.txt", strings.Replace(head, "global", "company", 1) + "  NUMBER = number\n", "maps.txt:1:5: a company-striped map needs the map legal-entities"},
		{"unknown scope", "maps.txt", strings.Replace(head, "global", "world", 1) + "  NUMBER = number\n", `maps.txt:5:9: unknown scope "world"`},
		{"unknown direction", "maps.txt", strings.Replace(head, "both", "up", 1) + "  NUMBER = number\n", `maps.txt:6:13: unknown direction "up"`},
		{"against the map", "maps.txt", strings.Replace(head, "both", "to-dataverse", 1) + "  NUMBER = number\n  NAME = name\n", "maps.txt:10:3: column flows both in a map that flows to-dataverse"},
		{"column twice", "maps.txt", head + "  NUMBER = number\n  NAME = name\n  ALIAS > name\n", "maps.txt:11:3: name is written by two lines"},
		{"transform missing", "maps.txt", head + "  NUMBER = number\n  NAME >< name\n", "maps.txt:10:3: map type >< and transform copy do not go together"},
		{"transform unexpected", "maps.txt", head + "  NUMBER = number\n  NAME = name {no-yes}\n", "maps.txt:10:3: map type = and transform value map do not go together"},
		{"constant from nowhere", "maps.txt", head + "  NUMBER = number\n  none << name \"x\"\n", "maps.txt:10:3: a constant flows from the side that has none"},
		{"constant without value", "maps.txt", head + "  NUMBER = number\n  none >> name\n", "maps.txt:10:3: a constant needs its value in quotes"},
		{"open quote", "maps.txt", head + "  NUMBER = number\n  none >> name \"x\n", "maps.txt:10:16: a default without its closing quote"},
		{"unreadable rest", "maps.txt", head + "  NUMBER = number\n  NAME = name now\n", `maps.txt:10:15: cannot read "now"`},
		{"unknown values", "maps.txt", head + "  NUMBER = number\n  NAME >< name {never}\n", "maps.txt:10:3: value map never is not in values.txt"},
		{"no way back", "maps.txt", head + "  NUMBER = number\n  NAME >< name {worker-type}\n", "maps.txt:10:3: value map worker-type has no way back: employee and both are both 754400000"},
		{"no arrow", "maps.txt", head + "  NUMBER = number\n  OTHER = other.number\n", "maps.txt:10:3: path other.number looks something up, but no arrow says in which map"},
		{"arrow without path", "maps.txt", head + "  NUMBER = number\n  OTHER = other -> first\n", "maps.txt:10:3: a lookup needs a dotted path"},
		{"unknown map", "maps.txt", head + "  NUMBER = number\n  OTHER = other.number -> second\n", "maps.txt:10:3: lookup other names map second, which is not in the catalog"},
		{"no key column", "maps.txt", head + "  NUMBER = number\n  OTHER = other.name -> first\n", "maps.txt:10:3: path other.name: name is not in the key of map first"},
		{"path too long", "maps.txt", head + "  NUMBER = number\n  OTHER = other.number.name -> first\n", "maps.txt:10:3: path other.number.name: number of map first looks nothing up"},
		{"polymorphic path", "maps.txt", companies + head + "  NUMBER = number\n  OTHER = other.A(number).B(number) -> first, legal-entities\n", "maps.txt:19:3: B(number) names no key column of map legal-entities"},
		{"too few types", "maps.txt", companies + head + "  NUMBER = number\n  OTHER = other.A(number) -> first, legal-entities\n", "maps.txt:19:3: path other.A(number) has 1 types for 2 maps"},
		{"path ends at a lookup", "maps.txt", companies + strings.Replace(head, "key number", "key other", 1) + "  OTHER = other.code -> legal-entities !\n  SELF = self.other -> first\n", "maps.txt:19:3: path self.other ends at lookup other of map first"},
		{"other key is the key", "maps.txt", head + "  NUMBER = number\n  OTHER = other.number -> first other-key\n", "maps.txt:10:3: other-key is for a path"},
		{"other key of several", "maps.txt", companies + head + "  NUMBER = number\n  OTHER = other.A(x).B(y) -> first, legal-entities other-key\n", "maps.txt:19:3: other-key is for a path"},
		{"other key too long", "maps.txt", head + "  NUMBER = number\n  OTHER = other.x.y -> first other-key\n", "maps.txt:10:3: other-key is for a path"},
		{"targets twice", "maps.txt", head + "  NUMBER = number\n  OTHER = other.number -> first\n  AGAIN > other.number -> first\n", "maps.txt:11:3: lookup other names its targets twice"},
		{"target twice", "maps.txt", head + "  NUMBER = number\n  OTHER = other.A(number).B(number) -> first, first\n", "maps.txt:10:3: lookup other names map first twice"},
		{"key twice", "maps.txt", strings.Replace(head, "key number", "key number, number", 1) + "  NUMBER = number\n", "maps.txt:7:7: key column number is there twice"},
		{"empty key lookup", "maps.txt", companies + strings.Replace(head, "key number", "key other", 1) + "  OTHER = other.code -> legal-entities\n", "maps.txt:18:3: lookup other is in the key: it must be filled"},
		{"global looks up company", "maps.txt", companies + strings.NewReplacer("first", "second", "global", "company").Replace(head) + "  NUMBER = number\n" + head + "  NUMBER = number\n  OTHER = other.number -> second\n", "maps.txt:28:3: a global map cannot look up the company-striped map second"},
		{"assumed without why", "maps.txt", head + "  NUMBER = number\n  assumed key\n", "maps.txt:10:11: write what is assumed"},
		{"second filter", "maps.txt", head + "  NUMBER = number\n  filter finops a\n  filter finops b\n", "maps.txt:11:10: a second filter for finops"},
		{"empty values", "values.txt", "values none\n", "values.txt:1:8: value map none is empty"},
		{"value twice", "values.txt", "values some\n  no : 1\n  no : 2\n", "values.txt:3:3: value no is there already"},
		{"unknown template map", "templates.txt", "template t\n  title T\n  primary finops\n  sequence nothing\n  source party\n", "templates.txt:1:10: template t names map nothing"},
		{"child first", "templates.txt", "template t\n  title T\n  primary finops\n  sequence customer-groups, payment-terms\n  open legal-entities, payment-days, payment-schedules\n  source party\n", "templates.txt:1:10: template t has map customer-groups before payment-terms, which it looks up"},
		{"open not listed", "templates.txt", "template t\n  title T\n  primary finops\n  sequence payment-days\n  source party\n", "templates.txt:1:10: template t lists the open maps [], but its maps look up [legal-entities]"},
		{"unknown side", "templates.txt", "template t\n  title T\n  primary erp\n  sequence parties\n  source party\n", `templates.txt:3:11: unknown side "erp"`},
		{"documented by nobody", "parameters.txt", "parameter p\n  title P\n  value 5 rows\n  basis documented\n", "parameters.txt:4:9: a documented parameter needs its value or rule, and its source"},
		{"assumed without a reason", "parameters.txt", "parameter p\n  title P\n  basis assumed\n", "parameters.txt:3:9: an assumed parameter needs a note that says why"},
		{"unknown unit", "parameters.txt", "parameter p\n  title P\n  value 5x rows\n  basis assumed\n  note n\n", `parameters.txt:3:9: "5x" is no number with a known unit`},
		{"placeholder", "causes.txt", "cause c\n  group g\n  where setup\n  class system\n  text a {name} b\n  source party\n", "causes.txt:5:8: unknown placeholder {name}"},
		{"class", "causes.txt", "cause c\n  group g\n  where setup\n  class synced\n  text a\n  source party\n", `causes.txt:4:9: unknown class "synced"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := files(tt.file, tt.text)
			if tt.file == "maps.txt" {
				all["templates.txt"] = &fstest.MapFile{}
			}
			c, err := catalog.Decode(all)
			if err == nil {
				t.Fatalf("accepted: %d maps", len(c.Maps))
			}
			if !strings.Contains(err.Error(), "catalog: "+tt.want) {
				t.Errorf("got\n%v\nwant a line with\n%s", err, tt.want)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := catalog.Decode(files(
		"maps.txt", head+"  NUMBER = number\n  A = a now\n  B >< b {never}\n  C = c.number -> second\n",
		"templates.txt", "template t\n  title T\n  primary erp\n  sequence first\n  source party\n",
		"checks.txt", "check c\n  text t\n  source hearsay\n",
	))
	if err == nil {
		t.Fatal("accepted")
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T holds no list of faults", err)
	}
	var places []string
	for _, fault := range joined.Unwrap() {
		var e *catalog.DataError
		if !errors.As(fault, &e) {
			t.Fatalf("%v is no DataError", fault)
		}
		places = append(places, fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column))
	}
	want := []string{"maps.txt:10:9", "templates.txt:3:11", "checks.txt:1:1", "maps.txt:11:3", "maps.txt:12:3", "checks.txt:1:7"}
	for _, place := range want {
		if !slices.Contains(places, place) {
			t.Errorf("no fault at %s; got %v", place, places)
		}
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	all := files()
	delete(all, "causes.txt")
	if _, err := catalog.Decode(all); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(circle)
	f.Add(head + "  NUMBER = number\n  OTHER = other.A(number).B(number) -> first, first !\n")
	f.Add("map first\n  scope\n  key ,\n  filter\n  A\n  B =\n  none >< none\n  C > c ->\n  D >> d {\n  E = .. -> first other-key !\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := catalog.Decode(files("maps.txt", text, "templates.txt", ""))
		if err != nil {
			return
		}
		for _, m := range c.Maps {
			if chain := c.ChainTo(m.Name); chain[len(chain)-1] != m.Name {
				t.Errorf("chain %v does not end at %s", chain, m.Name)
			}
		}
	})
}

func ExampleFind() {
	m, _ := catalog.Find("customer-groups")
	fmt.Println(m.Title, m.Key, m.Company())
	for _, l := range m.Lookups {
		fmt.Println(l.Column, "->", l.Targets)
	}
	// Output:
	// Customer groups (msdyn_customergroups) [msdyn_groupid] true
	// msdyn_paymenttermid -> [payment-terms]
	// msdyn_clearingperiodpaymenttermname -> [payment-terms]
}
