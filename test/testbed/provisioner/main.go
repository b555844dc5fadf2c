// The provisioner of the test bed: it makes a volume for each claim of a storage class of ours, on the node that the
// scheduler chose. Both nodes are on this machine, so one process serves them.
package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v11/controller"
)

// The name that the storage classes give.
const provisionerName = "holdfast.test/volumes"

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the cluster's")
	folder := flag.String("folder", "", "where the data of volumes is kept")
	port := flag.Int("port", 0, "answers on this port of the loopback address while it runs")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	controller.NewProvisionController(
		ctx, kubernetes.NewForConfigOrDie(config), provisionerName, &provisioner{folder: *folder},
		controller.LeaderElection(false),
		controller.MetricsAddress("127.0.0.1"),
		controller.MetricsPort(int32(*port)),
		// A test waits for what failed once, so it is tried again soon.
		controller.RateLimiter(workqueue.NewTypedItemExponentialFailureRateLimiter[any](time.Second, 10*time.Second)),
	).Run(ctx)
}
