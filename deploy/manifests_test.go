package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// manifests are the objects under kubernetes/, by name.
type manifests struct {
	deployments map[string]*appsv1.Deployment
	services    map[string]*corev1.Service
	configs     map[string]*corev1.ConfigMap
	budgets     map[string]*policyv1.PodDisruptionBudget
	scalers     map[string]*autoscalingv2.HorizontalPodAutoscaler
}

var separator = regexp.MustCompile(`(?m)^---\n`)

// read decodes every manifest strictly: a field that the API does not have, or
// one that is there twice, is an error, as is a kind without a check here.
func read(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{
		deployments: make(map[string]*appsv1.Deployment),
		services:    make(map[string]*corev1.Service),
		configs:     make(map[string]*corev1.ConfigMap),
		budgets:     make(map[string]*policyv1.PodDisruptionBudget),
		scalers:     make(map[string]*autoscalingv2.HorizontalPodAutoscaler),
	}
	files, err := filepath.Glob("kubernetes/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("manifests: %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range separator.Split(string(data), -1) {
			m.add(t, file, []byte(document))
		}
	}
	return m
}

func (m *manifests) add(t *testing.T, file string, document []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		put(t, file, document, m.deployments)
	case "v1 Service":
		put(t, file, document, m.services)
	case "v1 ConfigMap":
		put(t, file, document, m.configs)
	case "policy/v1 PodDisruptionBudget":
		put(t, file, document, m.budgets)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		put(t, file, document, m.scalers)
	default:
		t.Errorf("%s: %s %s has no check here", file, kind.APIVersion, kind.Kind)
	}
}

func put[T any, P interface {
	*T
	metav1.Object
}](t *testing.T, file string, document []byte, into map[string]P) {
	t.Helper()
	object := P(new(T))
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, document)
	}
	name := object.GetName()
	if name == "" || into[name] != nil {
		t.Errorf("%s: the name %q is empty or there twice", file, name)
	}
	into[name] = object
}

// The strict reading is what this whole test stands on.
func TestStrictReadingFindsMistakes(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		"metadata: {name: a}\nspec: {selectors: {a: b}}\n",
		"metadata: {name: a}\nspec: {clusterIP: None, clusterIP: None}\n",
		"metadata: {name: a}\nspec: {ports: [{port: grpc}]}\n",
	} {
		if err := yaml.UnmarshalStrict([]byte(document), new(corev1.Service)); err == nil {
			t.Errorf("no error for %q", document)
		}
	}
}

func TestEveryObjectIsThere(t *testing.T) {
	t.Parallel()
	m := read(t)
	for _, name := range []string{"redirectd", "sipedge"} {
		if m.deployments[name] == nil || m.services[name] == nil || m.configs[name] == nil || m.budgets[name] == nil {
			t.Errorf("%s lacks its Deployment, Service, ConfigMap or PodDisruptionBudget", name)
		}
	}
	if m.scalers["redirectd"] == nil {
		t.Error("redirectd has no HorizontalPodAutoscaler")
	}
}

func TestNamesInTextAreRight(t *testing.T) {
	t.Parallel()
	m := read(t)
	config := []byte(m.configs["sipedge"].Data["edge.yaml"])
	if !bytes.Contains(config, []byte(`target: "dns:///redirectd:50051"`)) {
		t.Errorf("the edge does not ask the Service redirectd at its port:\n%s", config)
	}
	if s := m.services["redirectd"]; s.Spec.ClusterIP != corev1.ClusterIPNone || s.Spec.Ports[0].Port != 50051 {
		t.Error("the Service redirectd is not headless, or not at 50051: one address would take all calls")
	}
}
