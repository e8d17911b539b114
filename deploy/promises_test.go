package deploy_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

func eachDeployment(t *testing.T, check func(t *testing.T, d *appsv1.Deployment, c *corev1.Container)) {
	t.Helper()
	for name, d := range read(t).deployments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(d.Spec.Template.Spec.Containers) != 1 {
				t.Fatalf("%d containers, want 1", len(d.Spec.Template.Spec.Containers))
			}
			check(t, d, &d.Spec.Template.Spec.Containers[0])
		})
	}
}

func TestPodsHaveNoPowers(t *testing.T) {
	t.Parallel()
	eachDeployment(t, func(t *testing.T, d *appsv1.Deployment, c *corev1.Container) {
		t.Helper()
		pod := d.Spec.Template.Spec
		s := pod.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 {
			t.Error("may run as root")
		}
		if s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Error("the seccomp profile is not RuntimeDefault")
		}
		own := c.SecurityContext
		if own == nil || own.ReadOnlyRootFilesystem == nil || !*own.ReadOnlyRootFilesystem {
			t.Error("the root file system is writable")
		}
		if own == nil || own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation {
			t.Error("privileges may escalate")
		}
		if own == nil || own.Capabilities == nil || len(own.Capabilities.Drop) != 1 || own.Capabilities.Drop[0] != "ALL" || len(own.Capabilities.Add) != 0 {
			t.Error("capabilities are left")
		}
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Error("has a token of the API server")
		}
	})
}

func TestPodsAreProbed(t *testing.T) {
	t.Parallel()
	eachDeployment(t, func(t *testing.T, d *appsv1.Deployment, c *corev1.Container) {
		t.Helper()
		for what, probe := range map[string]*corev1.Probe{"/readyz": c.ReadinessProbe, "/healthz": c.LivenessProbe} {
			if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != what || probe.HTTPGet.Port != intstr.FromString("admin") {
				t.Errorf("no probe asks %s of the port admin", what)
			}
		}
		if flag(t, c, "admin") != ":"+portOf(t, c, "admin") {
			t.Errorf("--admin=%s is not what the probes ask", flag(t, c, "admin"))
		}
		if d.Name == "redirectd" && (c.StartupProbe == nil || c.StartupProbe.GRPC == nil || c.StartupProbe.GRPC.Port != 50051) {
			t.Error("gRPC health is not asked at port 50051")
		}
	})
}

func TestPodsEndAfterTheirDrain(t *testing.T) {
	t.Parallel()
	eachDeployment(t, func(t *testing.T, d *appsv1.Deployment, c *corev1.Container) {
		t.Helper()
		drain, err := time.ParseDuration(flag(t, c, "drain"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
			t.Fatal("no pause before SIGTERM; a program without a shell can only sleep")
		}
		before := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
		grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
		if spare := grace - before - drain; before <= 0 || spare < 2*time.Second {
			t.Errorf("killed after %s: %s before SIGTERM and %s of drain leave %s, want 2s at least", grace, before, drain, spare)
		}
	})
}

func TestPodsAreSpreadAndBounded(t *testing.T) {
	t.Parallel()
	eachDeployment(t, func(t *testing.T, d *appsv1.Deployment, c *corev1.Container) {
		t.Helper()
		constraints := d.Spec.Template.Spec.TopologySpreadConstraints
		if len(constraints) == 0 {
			t.Error("all replicas may be on one node")
		}
		for _, constraint := range constraints {
			if !maps.Equal(constraint.LabelSelector.MatchLabels, d.Spec.Selector.MatchLabels) {
				t.Errorf("%s spreads other pods", constraint.TopologyKey)
			}
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Error("requests of CPU and memory, or the limit of memory, are missing")
		}
		if !c.Resources.Limits.Cpu().IsZero() {
			t.Error("the CPU is limited: throttling breaks deadlines")
		}
		if u := d.Spec.Strategy.RollingUpdate; u == nil || u.MaxUnavailable.IntValue() != 0 {
			t.Error("an update takes a replica away before there is another one")
		}
	})
}

func TestSelectorsFindTheirPods(t *testing.T) {
	t.Parallel()
	m := read(t)
	for name, d := range m.deployments {
		labels := d.Spec.Template.Labels
		for what, selector := range map[string]map[string]string{
			"Deployment":          d.Spec.Selector.MatchLabels,
			"Service":             m.services[name].Spec.Selector,
			"PodDisruptionBudget": m.budgets[name].Spec.Selector.MatchLabels,
		} {
			for key, value := range selector {
				if labels[key] != value {
					t.Errorf("%s %s selects %s=%s, its pods have %q", what, name, key, value, labels[key])
				}
			}
			if len(selector) == 0 {
				t.Errorf("%s %s selects every pod, or none", what, name)
			}
		}
		if b := m.budgets[name].Spec; b.MaxUnavailable == nil || b.MaxUnavailable.IntValue() != 1 || b.MinAvailable != nil {
			t.Errorf("PodDisruptionBudget %s does not let go of exactly one pod at a time", name)
		}
	}
	for name, h := range m.scalers {
		if ref := h.Spec.ScaleTargetRef; ref.Kind != "Deployment" || ref.APIVersion != "apps/v1" || m.deployments[ref.Name] == nil {
			t.Errorf("HorizontalPodAutoscaler %s scales %s %s, which is not there", name, ref.Kind, ref.Name)
		} else if m.deployments[ref.Name].Spec.Replicas != nil {
			t.Errorf("Deployment %s has replicas: each apply would undo its autoscaler", ref.Name)
		}
	}
}

func TestPortsMatch(t *testing.T) {
	t.Parallel()
	m := read(t)
	for name, s := range m.services {
		c := &m.deployments[name].Spec.Template.Spec.Containers[0]
		for _, port := range s.Spec.Ports {
			found := false
			for _, own := range c.Ports {
				if own.Name == port.TargetPort.StrVal {
					found = own.Protocol == port.Protocol && own.ContainerPort == port.Port
				}
			}
			if !found {
				t.Errorf("Service %s: no port of the container is %s %d/%s", name, port.TargetPort.StrVal, port.Port, port.Protocol)
			}
		}
	}
	if c := &m.deployments["redirectd"].Spec.Template.Spec.Containers[0]; flag(t, c, "listen") != ":"+portOf(t, c, "grpc") {
		t.Errorf("redirectd listens on %s", flag(t, c, "listen"))
	}
}

func TestConfigurationsAreGood(t *testing.T) {
	t.Parallel()
	m := read(t)
	if _, err := policy.ParseConfig("policy.yaml", []byte(m.configs["redirectd"].Data["policy.yaml"])); err != nil {
		t.Error(err)
	}
	c, err := edge.ParseConfig("edge.yaml", []byte(m.configs["sipedge"].Data["edge.yaml"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	var listen []string
	for _, l := range c.Listen {
		listen = append(listen, l.String())
	}
	edgeContainer := &m.deployments["sipedge"].Spec.Template.Spec.Containers[0]
	want := "udp://0.0.0.0:" + portOf(t, edgeContainer, "sip-udp") + " tcp://0.0.0.0:" + portOf(t, edgeContainer, "sip-tcp")
	if got := strings.Join(listen, " "); got != want {
		t.Errorf("the edge listens on %s, want the ports of its container, %s", got, want)
	}
}

func TestConfigurationsAreWhereTheProgramsLook(t *testing.T) {
	t.Parallel()
	m := read(t)
	for name, d := range m.deployments {
		pod := d.Spec.Template.Spec
		c := &pod.Containers[0]
		if len(pod.Volumes) != 1 || len(c.VolumeMounts) != 1 || pod.Volumes[0].Name != c.VolumeMounts[0].Name || pod.Volumes[0].ConfigMap == nil {
			t.Fatalf("%s: its configuration is not mounted", name)
		}
		file, ok := strings.CutPrefix(flag(t, c, "config"), c.VolumeMounts[0].MountPath+"/")
		if !ok || m.configs[pod.Volumes[0].ConfigMap.Name].Data[file] == "" {
			t.Errorf("%s reads %s, which is not in its ConfigMap", name, flag(t, c, "config"))
		}
	}
}

func TestTheEdgeAdvertisesItsPod(t *testing.T) {
	t.Parallel()
	c := &read(t).deployments["sipedge"].Spec.Template.Spec.Containers[0]
	if flag(t, c, "advertise") != "$(POD_IP)" {
		t.Errorf("--advertise=%s", flag(t, c, "advertise"))
	}
	for _, env := range c.Env {
		if env.Name == "POD_IP" && env.ValueFrom != nil && env.ValueFrom.FieldRef.FieldPath == "status.podIP" {
			return
		}
	}
	t.Error("POD_IP is not the pod's address")
}

// flag gives the value of an argument of the form --name=value.
func flag(t *testing.T, c *corev1.Container, name string) string {
	t.Helper()
	for _, arg := range c.Args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
	}
	t.Fatalf("%s has no --%s", c.Name, name)
	return ""
}
