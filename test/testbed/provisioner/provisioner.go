package main

import (
	"context"
	"errors"
	"fmt"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v11/controller"
)

// The parameter of a storage class that says what a volume is: a directory, or a loop device.
const kindParameter = "kind"

type provisioner struct {
	folder string
}

// SupportsBlock: a loop device can be given to a pod as it is.
func (p *provisioner) SupportsBlock(context.Context) bool {
	return true
}

// Provision makes the volume, or finds the one that an earlier attempt made.
func (p *provisioner) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	if options.SelectedNode == nil {
		return nil, controller.ProvisioningFinished, errors.New("the claim has no node yet; its class must wait for the first consumer")
	}
	local, err := p.makeVolume(options)
	if err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	claim := options.PVC.Spec
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Resources.Requests[core.ResourceStorage]},
			AccessModes:                   claim.AccessModes,
			VolumeMode:                    claim.VolumeMode,
			MountOptions:                  options.StorageClass.MountOptions,
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: local},
			NodeAffinity:                  onlyOn(options.SelectedNode.Name),
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the data of a volume; what is gone already is fine.
func (p *provisioner) Delete(_ context.Context, volume *core.PersistentVolume) error {
	return errors.Join(p.removeLoop(volume.Name), p.removeDirectory(volume.Name))
}

func (p *provisioner) makeVolume(options controller.ProvisionOptions) (*core.LocalVolumeSource, error) {
	claim := options.PVC.Spec
	isBlock := claim.VolumeMode != nil && *claim.VolumeMode == core.PersistentVolumeBlock
	switch kind := options.StorageClass.Parameters[kindParameter]; {
	case kind == "directory" && !isBlock:
		path, err := p.makeDirectory(options.PVName)
		return &core.LocalVolumeSource{Path: path}, err
	case kind == "loop":
		size := claim.Resources.Requests[core.ResourceStorage]
		device, err := p.makeLoop(options.PVName, size.Value())
		if isBlock {
			return &core.LocalVolumeSource{Path: device}, err
		}
		// The kubelet makes the file system when it first mounts the device.
		fileSystem := "ext4"
		return &core.LocalVolumeSource{Path: device, FSType: &fileSystem}, err
	default:
		return nil, fmt.Errorf("a class of kind %q has no such volumes", kind)
	}
}

func onlyOn(node string) *core.VolumeNodeAffinity {
	hostname := core.NodeSelectorRequirement{Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{node}}
	term := core.NodeSelectorTerm{MatchExpressions: []core.NodeSelectorRequirement{hostname}}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{term}}}
}
