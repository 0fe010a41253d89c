package cli

// HandleAction finds out which signature was used.
func HandleAction(action interface{}, context *Context) (err error) {
	switch a := action.(type) {
	case ActionFunc:
		return a(context)
	case func(*Context) error:
		return a(context)
	case func(*Context):
		a(context)
		return nil
	}
	return errInvalidActionType
}
