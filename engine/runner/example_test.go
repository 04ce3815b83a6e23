package runner_test

import (
	"context"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
	"github.com/twinwrite/twinwrite/engine/store"
)

// A customer is created in finance & operations and appears in Dataverse; its
// phone number is changed there and comes back. Then it is deleted, which happens
// on both sides at once, while the user waits.
func Example() {
	customers, err := engine.NewTableMap(engine.TableMap{
		Name: "customers", Mode: engine.Async,
		Columns: []engine.Column{{Name: "name"}, {Name: "phone"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	maps := []*engine.TableMap{customers}
	finops, dataverse := memory.New(engine.FinOps, maps), memory.New(engine.Dataverse, maps)

	r, err := runner.New(runner.Config{
		Engine:  engine.Config{Maps: maps},
		Store:   store.NewMemory(),
		Systems: [2]runner.System{finops, dataverse},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	finops.OnCommit(r.Notify)
	dataverse.OnCommit(r.Notify)
	finops.OnHold(r.Live)
	dataverse.OnHold(r.Live)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()

	contoso := engine.Key{ID: "C-001"}
	err = finops.Update(ctx, func(tx *memory.Tx) error {
		return tx.Set(contoso, engine.Text("Contoso"), engine.Text("555-0100"))
	})
	fmt.Println("created in finance & operations:", err)

	err = dataverse.Await(ctx, contoso, func(r *engine.Record) bool { return r != nil })
	fmt.Println("seen in Dataverse:", dataverse.Record(contoso).Values[0].Text, err)

	err = dataverse.Update(ctx, func(tx *memory.Tx) error {
		values, _ := tx.Get(contoso)
		values[1] = engine.Text("555-0199")
		return tx.Set(contoso, values...)
	})
	fmt.Println("called back by the customer:", err)

	err = finops.Await(ctx, contoso, func(r *engine.Record) bool { return r.Values[1].Text == "555-0199" })
	fmt.Println("seen in finance & operations:", finops.Record(contoso).Values[1].Text, err)

	err = dataverse.Update(ctx, func(tx *memory.Tx) error { return tx.Delete(contoso) })
	fmt.Println("deleted in Dataverse:", err)
	fmt.Println("still in finance & operations:", finops.Record(contoso).Alive)

	stop()
	fmt.Println("stopped:", <-ended)
	// Output:
	// created in finance & operations: <nil>
	// seen in Dataverse: Contoso <nil>
	// called back by the customer: <nil>
	// seen in finance & operations: 555-0199 <nil>
	// deleted in Dataverse: <nil>
	// still in finance & operations: false
	// stopped: <nil>
}
