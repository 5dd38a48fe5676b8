// fieldmanager runs upstream's own field manager over what it is told, one case a line: the same
// objects, updates and applies go through ours, and what both say of owners must be equal.
//
//	{"apiVersion":"v1","kind":"Pod","steps":[{"op":"update","manager":"a","object":{...}},
//	 {"op":"apply","manager":"b","force":true,"object":{...}}]}
//
// answers with one line: {"steps":[{"object":{...}},{"error":"..."}]}. A step that fails changes
// nothing. Times are left out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

type step struct {
	Op      string          `json:"op"`
	Manager string          `json:"manager"`
	Force   bool            `json:"force"`
	Object  json.RawMessage `json:"object"`
}

type testCase struct {
	APIVersion  string   `json:"apiVersion"`
	Kind        string   `json:"kind"`
	Subresource string   `json:"subresource"`
	Reset       []string `json:"reset"`
	Steps       []step   `json:"steps"`
}

type outcome struct {
	Object *unstructured.Unstructured `json:"object,omitempty"`
	Error  string                     `json:"error,omitempty"`
}

type noDefaults struct{}

func (noDefaults) Default(runtime.Object) {}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var given testCase
		if err := json.Unmarshal(in.Bytes(), &given); err != nil {
			fail(err)
		}
		steps, err := run(given)
		if err != nil {
			fail(err)
		}
		if err := out.Encode(map[string]any{"steps": steps}); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func run(given testCase) ([]outcome, error) {
	gv, err := schema.ParseGroupVersion(given.APIVersion)
	if err != nil {
		return nil, err
	}
	gvk := gv.WithKind(given.Kind)
	reset := map[fieldpath.APIVersion]fieldpath.Filter{}
	if len(given.Reset) > 0 {
		set := fieldpath.NewSet()
		for _, name := range given.Reset {
			set.Insert(fieldpath.MakePathOrDie(name))
		}
		reset[fieldpath.APIVersion(given.APIVersion)] = fieldpath.NewExcludeSetFilter(set)
	}
	manager, err := managedfields.NewDefaultFieldManager(
		applyconfigurations.NewTypeConverter(scheme.Scheme),
		scheme.Scheme, noDefaults{}, scheme.Scheme, gvk, gv, given.Subresource, reset)
	if err != nil {
		return nil, err
	}
	live, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	live.GetObjectKind().SetGroupVersionKind(gvk)
	outcomes := make([]outcome, 0, len(given.Steps))
	for _, each := range given.Steps {
		next, err := take(manager, gvk, live, each)
		if err != nil {
			outcomes = append(outcomes, outcome{Error: err.Error()})
			continue
		}
		shown, err := show(next)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, outcome{Object: shown})
		live = next
	}
	return outcomes, nil
}

func take(
	manager *managedfields.FieldManager, gvk schema.GroupVersionKind, live runtime.Object, each step,
) (runtime.Object, error) {
	if each.Op == "apply" {
		patch := &unstructured.Unstructured{Object: map[string]any{}}
		if err := patch.UnmarshalJSON(each.Object); err != nil {
			return nil, err
		}
		next, err := manager.Apply(live.DeepCopyObject(), patch, each.Manager, each.Force)
		return stored(next, gvk, err)
	}
	next, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(each.Object, next); err != nil {
		return nil, err
	}
	next.GetObjectKind().SetGroupVersionKind(gvk)
	next = manager.UpdateNoErrors(live.DeepCopyObject(), next, each.Manager)
	return stored(next, gvk, nil)
}

// stored gives the object what the store would: a uid, and the form of what was read.
func stored(object runtime.Object, gvk schema.GroupVersionKind, err error) (runtime.Object, error) {
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	result, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, result); err != nil {
		return nil, err
	}
	result.GetObjectKind().SetGroupVersionKind(gvk)
	result.(metav1.Object).SetUID("uid")
	return result, nil
}

func show(object runtime.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	shown := &unstructured.Unstructured{Object: content}
	entries := shown.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	if len(entries) > 0 {
		shown.SetManagedFields(entries)
	}
	return shown, nil
}
