package engine_test

import (
	_ "github.com/twinwrite/twinwrite/engine/store"
	_ "github.com/twinwrite/twinwrite/engine/store/sqlite"
	_ "github.com/twinwrite/twinwrite/internal/fault"
	_ "github.com/twinwrite/twinwrite/model" // want arrow
)
