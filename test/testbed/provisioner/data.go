package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Two searches for a free loop device at the same time may find the same one.
var loopSearch sync.Mutex

func (p *provisioner) makeDirectory(volume string) (string, error) {
	path := filepath.Join(p.folder, volume)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return "", err
	}
	// Pods write to it as whatever user they run.
	return path, os.Chmod(path, 0o777)
}

func (p *provisioner) removeDirectory(volume string) error {
	return os.RemoveAll(filepath.Join(p.folder, volume))
}

func (p *provisioner) backingFile(volume string) string {
	return filepath.Join(p.folder, volume+".img")
}

// makeLoop gives a loop device over a sparse file, the one that the file has already if there is one.
func (p *provisioner) makeLoop(volume string, sizeBytes int64) (string, error) {
	loopSearch.Lock()
	defer loopSearch.Unlock()
	path := p.backingFile(volume)
	if devices, err := devicesOf(path); err != nil || len(devices) > 0 {
		return strings.Join(devices, " "), err
	}
	if err := makeSparseFile(path, sizeBytes); err != nil {
		return "", err
	}
	return losetup("--find", "--show", path)
}

// removeLoop lets go of the device, which the kernel does at once or when the last mount of it ends.
func (p *provisioner) removeLoop(volume string) error {
	path := p.backingFile(volume)
	devices, err := devicesOf(path)
	if err != nil {
		return err
	}
	for _, device := range devices {
		if _, err := losetup("--detach", device); err != nil {
			return err
		}
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func makeSparseFile(path string, sizeBytes int64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(sizeBytes), file.Close())
}

// devicesOf lists the loop devices over a file; none where the file does not exist.
func devicesOf(path string) ([]string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	printed, err := losetup("--list", "--noheadings", "--output", "NAME", "--associated", path)
	return strings.Fields(printed), err
}

func losetup(arguments ...string) (string, error) {
	printed, err := exec.Command("losetup", arguments...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("losetup %s: %s", arguments[0], strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(printed)), err
}
