package store
import ("testing";"github.com/twinwrite/twinwrite/engine")
func TestDbg(t *testing.T){
 s:=NewMemory()
 r:=engine.Reference{Key:engine.Key{ID:"B"},Side:1,Incarnation:1,Number:3}
 t.Log(s.Save([]engine.Mutation{{Kind:engine.ReferenceAdded,Reference:r,Order:1}}))
 t.Log(s.Save([]engine.Mutation{{Kind:engine.ReferenceSettled,Reference:r,Outcome:engine.Outcome{Class:1,Reason:1}}}))
 t.Logf("%+v",s.lanes)
 r.Origin=engine.Reassert
 t.Log(s.Save([]engine.Mutation{{Kind:engine.ReferenceAdded,Reference:r,Order:2}}))
}
