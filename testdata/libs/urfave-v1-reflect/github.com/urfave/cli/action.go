package cli

import "reflect"

// HandleAction calls the action by reflection, as the library did until 2018.
func HandleAction(action interface{}, context *Context) (err error) {
	if reflect.TypeOf(action).Kind() != reflect.Func {
		return errInvalidActionType
	}
	vals := reflect.ValueOf(action).Call([]reflect.Value{reflect.ValueOf(context)})
	if len(vals) == 0 {
		return nil
	}
	if retErr, ok := vals[0].Interface().(error); vals[0].IsValid() && ok {
		return retErr
	}
	return err
}
