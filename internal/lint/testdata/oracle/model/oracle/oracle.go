// Package oracle breaks the rule oracle.
package oracle

import "github.com/twinwrite/twinwrite/internal/lint/testdata/oracle/engine"

func judge(k engine.Key, s engine.Side) bool {
	decide := engine.Decide                    // want oracle
	return k.Folded() == s.Other().String() && // want oracle
		k.ID != "" && s != engine.FinOps && decide(k)
}
