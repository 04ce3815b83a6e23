package engine_test

import (
	_ "github.com/twinwrite/twinwrite/engine/store"
	_ "github.com/twinwrite/twinwrite/engine/store/sqlite" // want arrow
	_ "github.com/twinwrite/twinwrite/internal/fault"
)
